#!/bin/sh
# Plays the sample's web application: both colours, and the front door, whose `/current/` is whatever colour is live.
# promote calls it as a hook: `colours.sh start` before it looks at a colour, `colours.sh stop` when it is done.
set -eu
cd "$(dirname "$0")"
run=.devops/run

serve() { # NAME FOLDER PORT
    "$DEVOPS_BINARIES/devops" serve "$2" --listen "127.0.0.1:$3" >"$run/$1.log" 2>&1 &
    echo $! >"$run/$1.pid"
}

stop() {
    for file in "$run"/*.pid; do
        [ -f "$file" ] || continue
        kill "$(cat "$file")" 2>/dev/null || true
        rm -f "$file"
    done
}

mkdir -p "$run"
case ${1-} in
start)
    stop
    serve blue colours/blue "${BLUE_PORT:-18471}"
    serve green colours/green "${GREEN_PORT:-18472}"
    serve front colours "${FRONT_PORT:-18470}"
    ;;
stop) stop ;;
*)
    echo "usage: colours.sh start|stop" >&2
    exit 2
    ;;
esac
