# shellcheck shell=bash
# Makes this machine ready to be a host. Sourced after common.sh; leaves the micro image's path in the environment.
# shellcheck source=deploy/packages.sh
source "$NSSV_ROOT/deploy/packages.sh"
# shellcheck source=deploy/libvirt.sh
source "$NSSV_ROOT/deploy/libvirt.sh"

MICRO_IMAGE=$ARTIFACTS/micro/micro.qcow2

prepare_host() {
  # Before anything asks dpkg.
  need_debian
  # Word splitting is meant here and below: the lists are words.
  # shellcheck disable=SC2046
  ensure_packages "running virtual machines" $(host_packages) $(micro_image_packages)
  ensure_micro_image
  ensure_libvirt
}

# Built again only when its own sources are newer.
ensure_micro_image() {
  if ! can_build_micro_image; then
    say "The micro guest image exists for amd64 only; add an image of your own with './nssv image add'."
    return 0
  fi
  if [ ! -f "$MICRO_IMAGE" ] || [ -n "$(find "$NSSV_ROOT/deploy/micro-guest" -newer "$MICRO_IMAGE" -print -quit)" ]; then
    # shellcheck disable=SC2046
    ensure_packages "building the micro guest image" $(micro_image_packages)
    progress "Building the micro guest image" "$NSSV_ROOT/deploy/micro-guest/build" "$MICRO_IMAGE" ||
      die "The micro guest image could not be built." "Mend what is reported above, then repeat the command."
  fi
  export NSSV_MICRO_IMAGE=$MICRO_IMAGE
}
