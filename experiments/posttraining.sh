#!/usr/bin/env bash
# The experiments on post-training of docs/experiments.md: each from three seeds, each with a page over all seeds.
#
#   experiments/posttraining.sh OUT [preferences | search | r1] ...      without a name: all
#
#   SEEDS="1 2 3"   which seeds
#   THREADS=1       of each; results do not depend on it, so seeds may run side by side
#
# Stopped and started again, it goes on where it was.

set -eu
cd "$(dirname "$0")/.."
out=${1:?usage: experiments/posttraining.sh OUT [preferences | search | r1] ...}
shift
seeds=${SEEDS:-1 2 3}
threads=${THREADS:+--threads=$THREADS}

# pipeline NAME: recipes/NAME.yaml from every seed.
pipeline() {
    local seed
    for seed in $seeds; do
        ./torrefy pipeline "recipes/$1.yaml" --set "seed=$seed" --out "$out/$1/seed-$seed" --resume $threads
    done
}

# over NAME: one page for NAME's runs.
over() {
    local seed folders=()
    for seed in $seeds; do folders+=("$out/$1/seed-$seed"); done
    ./torrefy seeds "${folders[@]}" --out "$out/$1/seeds.html"
}

# SFT, a reward model, PPO against it; DPO of the same pairs.
preferences() {
    pipeline preferences
    over preferences
}

# Searches guided by a process reward model, against greedy answers and votes, by the tokens they spend.
search() {
    local seed
    pipeline search
    for seed in $seeds; do
        if [ ! -e "$out/searches/seed-$seed/search.json" ]; then
            ./torrefy eval $threads --seed "$seed" --out "$out/searches/seed-$seed" \
                --scorer "process_reward:model=$out/search/seed-$seed/stages/prm/model,aggregation=last" \
                --search "greedy,majority-2,majority-4,majority-8,majority-16,majority-32,best-of-2,best-of-4,best-of-8,best-of-16,step-beam-4,step-beam-8,step-beam-16,mcts-4:budget=300,mcts-8:budget=600,mcts-16:budget=1200"
        fi
    done
    over searches
}

# DeepSeek-R1 in stages.
r1() {
    pipeline r1
    over r1
}

for name in "${@:-preferences search r1}"; do
    for one in $name; do
        case $one in
            preferences | search | r1) "$one" ;;
            *) echo "expected preferences, search or r1; got $one" >&2; exit 2 ;;
        esac
    done
done
