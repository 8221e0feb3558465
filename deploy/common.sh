# shellcheck shell=bash
# What every script of this repository shares. Sourced, never run.

set -euo pipefail

NSSV_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
ARTIFACTS=$NSSV_ROOT/artifacts
export NSSV_ROOT

# Programs that a machine runs at its first boot often have none.
export HOME=${HOME:-/root}
# Nothing of a build may outlive it, and nothing it does needs the culture tables of libicu.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE [WHAT TO DO NEXT]
die() {
  say "nssv: $1"
  [ $# -lt 2 ] || say "      $2"
  exit 1
}

# sudo leaves variables behind, and another home or port would be meant.
need_root() {
  local variables
  [ "$(id -u)" != 0 ] || return 0
  variables=$(compgen -e NSSV_ | grep -vx NSSV_ROOT | paste -sd, || true)
  die "$1 needs root." "Run it again as root, for example with sudo${variables:+ --preserve-env=$variables}."
}

runs_systemd() { [ -d /run/systemd/system ]; }

# break_off PID CODE: ends the command that runs, and then the script. What must not be cut short (a package manager) ends by itself first.
break_off() {
  say "Stopping ..."
  if kill "$1" 2>/dev/null; then
    wait "$1" || true
  fi
  exit "$2"
}

# progress LABEL COMMAND...: runs a long command with its output in a log file and shows that it is alive.
# When it fails the end of the log is shown, and the function returns its exit code.
progress() {
  local label=$1 log start pid code=0 shown=0 elapsed callers
  shift
  mkdir -p "$ARTIFACTS/log"
  log=$ARTIFACTS/log/$(tr -cs 'a-zA-Z0-9' - <<<"$label")
  log=${log%-}.log
  start=$SECONDS
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # What runs in the background does not hear Ctrl-C. The caller's own traps are put back afterwards.
  callers=$(trap -p HUP INT TERM)
  trap 'break_off "$pid" 129' HUP
  trap 'break_off "$pid" 130' INT
  trap 'break_off "$pid" 143' TERM
  [ -t 2 ] || say "$label ..."
  while kill -0 "$pid" 2>/dev/null; do
    elapsed=$((SECONDS - start))
    if [ -t 2 ]; then
      printf '\r\033[K%s ... %d s' "$label" "$elapsed" >&2
    elif [ $((elapsed - shown)) -ge 15 ]; then
      shown=$elapsed
      say "  still at it after $elapsed s"
    fi
    sleep 0.2
  done
  wait "$pid" || code=$?
  trap - HUP INT TERM
  eval "$callers"
  [ ! -t 2 ] || printf '\r\033[K' >&2
  if [ "$code" = 0 ]; then
    say "$label: done in $((SECONDS - start)) s"
  else
    say "$label: FAILED after $((SECONDS - start)) s. The end of $log:"
    tail -n 25 "$log" | sed 's/^/  | /' >&2
  fi
  return "$code"
}
