#!/bin/sh
# Runs a job of devops-action: picks its binary, checks the binary's hash, and becomes it.
#
#   run.sh JOB [ARGUMENTS]
#
# Binaries come from the folder DEVOPS_ACTION_BIN, or from dist/ of this commit, or are built from this commit's source.
# Nothing is copied or kept, and nothing but the process itself changes. Exits 2, 3 and 4 mean what they mean everywhere.
set -eu
unset ENV BASH_ENV CDPATH GLOBIGNORE
IFS='
 	'

case $0 in
    */*) root=${0%/*}/.. ;;
    *) root=.. ;;
esac

# Prints in one line why there is no run, in the form that the host shows as an error, and ends.
stop() {
    code=$1
    shift
    if [ "${GITHUB_ACTIONS:-}" = true ]; then
        printf '::error title=devops-action::%s\n' "$*"
    else
        printf 'error: %s\n' "$*" >&2
    fi
    exit "$code"
}

case ${1:-} in
    test-gate | dep-scan | image-scan | promote | annotate) job=$1 ;;
    # The name is not repeated: it is foreign text, and the place where commands are read.
    *) stop 2 'unknown job; the jobs are test-gate, dep-scan, image-scan, promote and annotate' ;;
esac
shift

# Goes on only if the list of sums has this file with this hash.
check() {
    file=$1 list=$2 name=$3 wanted=
    if command -v sha256sum >/dev/null 2>&1; then
        found=$(sha256sum <"$file") || found=
    elif command -v shasum >/dev/null 2>&1; then
        found=$(shasum -a 256 <"$file") || found=
    else
        stop 4 'neither sha256sum nor shasum is here to check the binary with'
    fi
    while read -r sum path || [ -n "$sum" ]; do
        if [ "$path" = "$name" ]; then wanted=$sum; fi
    done <"$list"
    if [ -z "$wanted" ] || [ "${found%% *}" != "$wanted" ]; then
        stop 3 "the binary $job is not the one SHA256SUMS describes; it was not run"
    fi
}

# Builds the job from the source beside this script, away from the consumer's configuration of cargo.
build() {
    command -v cargo >/dev/null 2>&1 ||
        stop 4 "no binary of $job for this machine and no cargo to build one; pin a release, or set DEVOPS_ACTION_BIN"
    target=$root/target
    if [ -n "${RUNNER_TEMP:-}" ]; then target=$RUNNER_TEMP/devops-action-target; fi
    mkdir -p "$target" || stop 4 'no folder to build in'
    target=$(cd "$target" && pwd)
    (unset CARGO_BUILD_TARGET && cd "$root" &&
        cargo build --quiet --release --locked --package "$job" --target-dir "$target") >&2 ||
        stop 4 "$job could not be built from source"
    binary=$target/release/$job
}

machine=$(uname -s)-$(uname -m)
case $machine in
    Linux-x86_64 | Linux-amd64) dist=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) dist=aarch64-unknown-linux-musl ;;
    *) dist=none ;;
esac

if [ -n "${DEVOPS_ACTION_BIN:-}" ]; then
    binary=$DEVOPS_ACTION_BIN/$job
    [ -f "$binary" ] || stop 4 "DEVOPS_ACTION_BIN has no $job"
    if [ -e "$DEVOPS_ACTION_BIN/SHA256SUMS" ]; then check "$binary" "$DEVOPS_ACTION_BIN/SHA256SUMS" "$job"; fi
elif [ -f "$root/dist/$dist/$job" ]; then
    binary=$root/dist/$dist/$job
    [ -f "$root/dist/SHA256SUMS" ] || stop 3 'dist/SHA256SUMS is missing; nothing was run'
    check "$binary" "$root/dist/SHA256SUMS" "$dist/$job"
else
    build
fi

exec "$binary" "$@"
