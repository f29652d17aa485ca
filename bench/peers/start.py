"""A fresh interpreter that imports a module and ends: what every script with it pays before its work."""

import os
import subprocess
import sys


def open(case, args):
    environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", "import " + args["module"]]

    def run():
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return run, 1, "starts"
