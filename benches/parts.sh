#!/usr/bin/env bash
# Measures the parts with criterion and prints the rows of their table in README.md, in ns (the median; per event and per pod
# where a step is many of them):
#
#     benches/parts.sh              measures, which takes half an hour, mostly of building
#     benches/parts.sh --no-run     prints what was measured before
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --no-run ]; then
    cargo bench --locked --bench events --bench store --bench evaluation --bench decisions --bench runs >&2
fi

# The number that follows a text in a file of one line, if it is there.
after() { sed -n "s/.*$1\([0-9.e+]*\).*/\1/p" "$2"; }

# What one step of a benchmark takes, or a stroke.
nanoseconds() {
    local folder=${CARGO_TARGET_DIR:-target}/criterion/$1/new
    if [ ! -f "$folder/estimates.json" ]; then
        echo -
        return
    fi
    local median elements
    median=$(after '"median":{[^}]*},"point_estimate":' "$folder/estimates.json")
    elements=$(after '"Elements":' "$folder/benchmark.json")
    awk -v median="$median" -v elements="${elements:-1}" 'BEGIN { printf "%.0f\n", median / elements }'
}

echo '| part | pods | 100 nodes | 1,000 | 5,000 | 12,500 |'
echo '|---|---|---|---|---|---|'
row() {
    local part=$1 pods=$2 of=$3 cells='' nodes
    for nodes in 100 1000 5000 12500; do cells="$cells $(nanoseconds "$of/$((nodes * ${4:-1}))") |"; done
    echo "| $part | $pods |$cells"
}
row events - events/waiting 10
for part in store evaluation decisions runs; do
    for pods in plain mixed spread anti-affinity preemption; do
        row "$part" "$pods" "${part/store/store_create-bind-finish}/$pods"
    done
done
