#!/usr/bin/env bash
# Trains a real network with the daemon attached, shows its matrix while it changes, saves a snapshot, stops everything.
#
#     Clients/demo.sh LIVECKA PYTHON
#
# Everything runs in a temporary directory, over sockets in it: a daemon of your own is not disturbed.
set -euo pipefail
livecka=$(realpath "$1") python=$(realpath --no-symlinks "$2")
cd "$(dirname "$0")/.."

output=$PWD/demo-output
scratch=$(mktemp -d)
daemon='' training=''
stop() {
    for process in $training $daemon; do
        kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true
    done
    rm -rf "$scratch"
}
trap stop EXIT
mkdir -p "$output"

cat > "$scratch/livecka.yaml" <<YAML
ingest: {bind: ["ipc://$scratch/ingest.sock"]}
publish: {bind: "ipc://$scratch/publish.sock"}
control: {bind: "ipc://$scratch/control.sock"}
state: {directory: "$scratch/state"}
YAML
export LIVECKA_CONTROL=ipc://$scratch/control.sock

echo '$ livecka serve &'
"$livecka" serve --config "$scratch/livecka.yaml" 2> "$output/daemon.log" &
daemon=$!
for _ in $(seq 100); do
    "$livecka" status > /dev/null 2>&1 && break
    kill -0 "$daemon" 2>/dev/null || { cat "$output/daemon.log" >&2; exit 1; }
    sleep 0.1
done

echo '$ python digits.py --run digits &'
"$python" Clients/python/examples/digits.py --run digits --endpoint "ipc://$scratch/ingest.sock" --wait 10s \
    > "$output/training.log" 2>&1 &
training=$!

if [ -t 1 ]; then
    "$livecka" watch digits --until-end
else
    # No terminal to draw on: one picture at the start, one when the block has formed.
    echo '$ livecka watch digits --count 1'
    timeout 60 "$livecka" watch digits --count 1
fi
wait "$training" || { cat "$output/training.log" >&2; exit 1; }
training=''

echo '$ livecka show digits'
"$livecka" show digits
echo '$ livecka runs'
"$livecka" runs
for format in safetensors json png svg; do
    echo "\$ livecka snapshot digits -o demo-output/digits.$format"
    "$livecka" snapshot digits -o "$output/digits.$format"
done

echo '$ livecka alerts'
"$livecka" alerts
# What all this is for: a block of layers was raised, by its rule and not by eye.
"$livecka" alerts --json | grep -q '"rule":"block_structure".*"state":"firing"'

kill "$daemon"
wait "$daemon"
daemon=''
echo "done; the log, the training's output and the snapshots are in demo-output/"
