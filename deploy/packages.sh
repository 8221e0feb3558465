# shellcheck shell=bash
# Installs Debian packages that are missing. Sourced after common.sh.

# A host: libvirt, QEMU with its firmware, and the tools that the agent calls.
host_packages() {
  local qemu
  case $(dpkg --print-architecture) in
    amd64) qemu='qemu-system-x86 ovmf' ;;
    arm64) qemu='qemu-system-arm qemu-efi-aarch64' ;;
    *) die "This machine's architecture ($(dpkg --print-architecture)) is not supported." "Use an amd64 or arm64 server." ;;
  esac
  echo "libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients $qemu qemu-utils iproute2 procps"
}

# The micro guest image is put together from the contents of other packages, which are unpacked, not installed.
micro_image_packages() {
  ! can_build_micro_image || echo "cpio dosfstools e2fsprogs fdisk gzip kmod mtools qemu-utils syslinux syslinux-common xz-utils"
}

can_build_micro_image() { [ "$(dpkg --print-architecture)" = amd64 ]; }

# Lab hosts are namespaces with a disk of their own.
lab_packages() { echo "e2fsprogs iproute2 mount procps util-linux"; }

# The states are read from dpkg's own list in one call, so that a repeat costs milliseconds.
missing_packages() {
  local package installed
  # It fails when it has never heard of one of them, which is no error here.
  installed=" $(dpkg-query -W -f '${Package}:${db:Status-Status} ' "$@" 2>/dev/null || true) "
  for package in "$@"; do
    [[ $installed == *" $package:installed "* ]] || echo "$package"
  done
}

need_debian() {
  if [ ! -f /etc/debian_version ] || ! command -v dpkg >/dev/null; then
    die "This is not a Debian system." "nSSV's hosts are Debian 12 or 13 servers."
  fi
}

# ensure_packages PURPOSE PACKAGE...
ensure_packages() {
  local purpose=$1 missing
  shift
  need_debian
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  need_root "Installing packages"
  command -v apt-get >/dev/null ||
    die "apt-get is not here, and these packages are missing for $purpose: ${missing[*]}" "Install them by hand, then repeat the command."
  say "Missing for $purpose: ${missing[*]}"
  progress "Reading the package lists" apt-get update -q ||
    say "  going on with the lists that are there"
  progress "Installing ${#missing[@]} packages" install_packages "${missing[@]}" ||
    die "The packages could not be installed." "Mend what apt-get says (network, /etc/apt/sources.list, a broken package), then repeat the command."
}

# Only for progress, which runs it in a subshell: so its traps are its own, and it takes away what it put there however it ends.
# A signal is answered when apt-get has ended: dpkg broken off half-way would leave packages that a person has to mend.
install_packages() {
  policy=/usr/sbin/policy-rc.d
  no_cluster=/etc/postgresql-common/createcluster.d/nssv.conf
  made=()
  trap 'rm -f "${made[@]}"' EXIT
  trap 'exit 143' HUP INT TERM
  # Where no systemd runs, packages would start their services by init scripts that nobody stops again.
  if ! runs_systemd && [ ! -e "$policy" ]; then
    made+=("$policy")
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  # Only PostgreSQL's programs are wanted: no database cluster of the machine's own.
  if [[ " $* " == *" postgresql "* ]] && [ ! -e "$no_cluster" ]; then
    mkdir -p "${no_cluster%/*}"
    made+=("$no_cluster")
    echo "create_main_cluster = false" >"$no_cluster"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -q --no-install-recommends \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
