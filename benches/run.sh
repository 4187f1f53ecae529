#!/usr/bin/env bash
# Runs scenarios one after another, each in one thread of its own process, and prints their figures as rows of the table in
# README.md:
#
#     benches/run.sh                        every scenario whose inputs are there
#     benches/run.sh plain-5kn-10-shapes    these
#
# The figures are those of summary.json; CPU is the user time of the process. Everything else goes to standard error.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --bin towtank >&2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

names=("$@")
if [ ${#names[@]} = 0 ]; then
    for file in $(grep -l '^kind: Scenario' benches/scenarios/*.yaml); do
        names+=("$(basename "$file" .yaml)")
    done
fi

# The number in the field of this name, in the summary of the run.
field() { sed -n "s/^ *\"$1\": \([0-9.]*\),*$/\1/p" "$out/summary" | head -1; }

echo '| scenario | decisions | decisions/s | submitted/s | wall s | CPU s | peak MiB |'
echo '|---|---|---|---|---|---|---|'
for name in "${names[@]}"; do
    scenario=benches/scenarios/$name.yaml
    # A report is part of what this one is about.
    target=-
    if [ "$name" = month-of-a-cell ]; then target=$out/month; fi
    echo "running $scenario" >&2
    TIMEFORMAT=%U
    if ! cpu=$({ time target/release/towtank run "$scenario" --out "$target" --format json >"$out/summary" 2>"$out/errors"; } 2>&1); then
        sed 's/^/  passed over: /' "$out/errors" >&2
        continue
    fi
    awk -v name="$name" -v decisions="$(field decisions)" -v rate="$(field decisions_per_second)" \
        -v submitted="$(field submitted)" -v wall="$(field wall_seconds)" -v cpu="$cpu" -v rss="$(field peak_rss_bytes)" \
        'BEGIN { printf "| `%s` | %d | %d | %d | %.2f | %.2f | %.0f |\n", name, decisions, rate, submitted / wall, wall, cpu, rss / 1048576 }'
done
