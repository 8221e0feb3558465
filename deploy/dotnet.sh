# shellcheck shell=bash
# Finds the .NET SDK and builds. Sourced after common.sh.

# Leaves the path of dotnet in DOTNET. sudo narrows PATH, so the usual places are looked at as well.
find_dotnet() {
  local candidate
  DOTNET=$(command -v dotnet || true)
  for candidate in "${DOTNET_ROOT:-/usr/share/dotnet}/dotnet" /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet \
    /usr/local/share/dotnet/dotnet /opt/dotnet/dotnet "$HOME/.dotnet/dotnet" \
    "$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)/.dotnet/dotnet"; do
    [ -z "$DOTNET" ] || break
    [ ! -x "$candidate" ] || DOTNET=$candidate
  done
  [ -n "$DOTNET" ] || explain_sdk "The .NET SDK is not installed."
}

# global.json asks for the same.
need_sdk() {
  local versions
  find_dotnet
  versions=$("$DOTNET" --list-sdks | cut -d' ' -f1 | paste -sd' ')
  [[ " $versions" == *" 10.0."* ]] || explain_sdk "There is no .NET SDK 10.0, but: ${versions:-no SDK at all}."
}

explain_sdk() {
  local release
  release=$(. /etc/os-release && echo "${VERSION_ID:-12}")
  say "nssv: $1"
  cat >&2 <<TEXT
      nSSV is built with the .NET SDK 10.0. To install it on Debian $release, as root:

        wget https://packages.microsoft.com/config/debian/$release/packages-microsoft-prod.deb
        dpkg -i packages-microsoft-prod.deb && apt-get update && apt-get install -y dotnet-sdk-10.0

      or, without a package:

        wget https://dot.net/v1/dotnet-install.sh
        bash dotnet-install.sh --channel 10.0 --install-dir /usr/share/dotnet
        ln -s /usr/share/dotnet/dotnet /usr/local/bin/dotnet

      Then repeat the command.
TEXT
  exit 1
}

PRODUCT_SOURCES=(src Directory.Build.props Directory.Packages.props global.json .editorconfig)
ALL_SOURCES=("${PRODUCT_SOURCES[@]}" tests bench Nssv.slnx)

# build product|everything: compiles in Release unless nothing changed since the last time.
build() {
  local lock product everything
  mkdir -p "$ARTIFACTS"
  # One build at a time: two would write the same files.
  exec {lock}>"$ARTIFACTS/build.lock"
  flock "$lock"
  # Taken before the build, so that what is edited meanwhile is built the next time.
  product=$(signature_of "${PRODUCT_SOURCES[@]}")
  everything=$(signature_of "${ALL_SOURCES[@]}")
  case $1 in
    product) is_built product "$product" || compile "$NSSV_ROOT/deploy/Nssv.Product.slnf" product ;;
    everything) is_built everything "$everything" || compile "$NSSV_ROOT/Nssv.slnx" product everything ;;
  esac
  exec {lock}>&-
}

run_build() { cd "$NSSV_ROOT" && exec "$DOTNET" build "$1" -c Release -v minimal -nodeReuse:false -p:UseSharedCompilation=false; }

is_built() { [ "$(cat "$ARTIFACTS/built-$1" 2>/dev/null)" = "$2" ]; }

# compile SOLUTION PART...: notes the signatures of the parts in files; they are the caller's local variables.
compile() {
  local solution=$1 part
  shift
  need_sdk
  rm -f "${@/#/$ARTIFACTS/built-}"
  progress "Building nSSV" run_build "$solution" ||
    die "The build failed; its errors are above." "When a package could not be restored, check the network and the sources that 'dotnet nuget list source' shows, then repeat the command."
  for part in "$@"; do echo "${!part}" >"$ARTIFACTS/built-$part"; done
}

# Names, sizes and times of all sources: it changes with whatever is edited, added, removed or checked out.
signature_of() {
  (cd "$NSSV_ROOT" && find "$@" \( -name bin -o -name obj \) -prune -o -printf '%p %s %T@\n' 2>/dev/null) | sort | sha256sum | cut -d' ' -f1
}
