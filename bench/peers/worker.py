"""The process that one Python peer runs in: `python worker.py MODULE`.

It speaks what io.torrefy.bench.Worker describes: one JSON object a line, asked on standard input, answered on standard
output. MODULE lies beside this file and has `open(case, args) -> (run, work, unit)`, where `run()` does the work once
and `work` says how many `unit` that is. `args["threads"]` is the number of threads; PyTorch's is already set to it, unless
the module does without PyTorch: then it has `threads(n)`, which is called before the first `open`.
"""

import gc
import importlib
import json
import os
import sys
import time
import traceback


def peak():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("expected a line VmHWM in /proc/self/status")


def main():
    # What a library prints, in Python or in C, must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module = None
    run = None
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            what = asked["do"]
            if what == "open":
                run = None
                gc.collect()
                if module is None:
                    module = importlib.import_module(sys.argv[1])
                    if hasattr(module, "threads"):
                        module.threads(asked["threads"])
                    else:
                        import torch

                        torch.set_num_threads(asked["threads"])
                run, work, unit = module.open(asked["case"], {**asked["args"], "threads": asked["threads"]})
                answer = {"ok": True, "work": work, "unit": unit}
            elif what == "run":
                seconds = []
                for _ in range(asked["times"]):
                    start = time.perf_counter()
                    run()
                    seconds.append(time.perf_counter() - start)
                answer = {"ok": True, "seconds": seconds}
            elif what == "peak":
                answer = {"ok": True, "bytes": peak()}
            elif what == "close":
                run = None
                gc.collect()
                answer = {"ok": True}
            else:
                raise ValueError(f"expected open, run, peak or close; got {what!r}")
        except BaseException as e:
            traceback.print_exc()
            answer = {"ok": False, "why": f"{type(e).__name__}: {e}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
