#!/bin/sh
# Makes the first inputs of `readers` out of the corpus of the tests: each file as nodes and as pods of its format.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/readers
for file in ../traces/tests/corpus/*/*; do
    format=$(basename "$(dirname "$file")")
    name=$(basename "$file")
    for part in nodes pods; do
        { echo "$format $part $format/$name"; cat "$file"; } > "corpus/readers/$format-$part-$name"
    done
done
