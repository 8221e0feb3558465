# shellcheck shell=bash
# Gets libvirt's daemons running. Sourced after common.sh.

LIBVIRT_URI=qemu:///system

# Repeatable: what runs already is left as it is.
ensure_libvirt() {
  local code=0
  give_host_uuid
  if runs_systemd; then
    start_libvirt_units
  else
    start_libvirt_daemons
  fi
  # The first call lets libvirt try out every QEMU binary, which takes a while; later it remembers.
  if ! timeout 2 virsh -q -c $LIBVIRT_URI version >/dev/null 2>&1; then
    progress "Waiting for libvirt to look at this machine" timeout 120 virsh -c $LIBVIRT_URI version || code=$?
    [ "$code" = 0 ] || die "libvirt does not answer." "$(libvirt_log_advice)"
  fi
}

libvirt_log_advice() {
  if runs_systemd; then
    echo "See 'journalctl -u libvirtd -u virtqemud', mend what it reports, then repeat the command."
  else
    echo "Run 'libvirtd -v' by hand to see why it does not start, then repeat the command."
  fi
}

# Without an SMBIOS the daemon would make a new random host id at every start.
give_host_uuid() {
  local conf=/etc/libvirt/libvirtd.conf
  [ ! -s /sys/class/dmi/id/product_uuid ] && [ -f $conf ] || return 0
  ! grep -qE '^[[:space:]]*host_uuid(_source)?[[:space:]]*=' $conf || return 0
  printf '\n# This machine has no SMBIOS to take an id from (written by nssv).\nhost_uuid = "%s"\n' \
    "$(cat /proc/sys/kernel/random/uuid)" >>$conf
}

start_libvirt_units() {
  local unit units=(virtlogd.socket virtlockd.socket libvirtd.socket)
  # The daemon for QEMU alone, where the administrator chose it, takes the place of libvirtd.
  if systemctl -q is-active virtqemud.socket || systemctl -q is-enabled virtqemud.socket 2>/dev/null; then
    units=(virtlogd.socket virtlockd.socket virtqemud.socket)
  fi
  for unit in "${units[@]}"; do
    systemctl -q cat "$unit" >/dev/null 2>&1 || [ "$unit" = libvirtd.socket ] || continue
    # A daemon that runs without its socket unit is as good, and would make that fail.
    systemctl -q is-active "${unit%.socket}.service" || systemctl start "$unit" ||
      die "$unit could not be started." "See 'systemctl status $unit', mend what it reports, then repeat the command."
  done
  # It would start virtual machines at boot on its own; only nSSV may decide that one runs here.
  if systemctl -q is-enabled libvirt-guests.service 2>/dev/null; then
    systemctl -q disable libvirt-guests.service
    say "Disabled libvirt-guests.service: nSSV decides which virtual machines start after a boot."
  fi
}

# virtlockd is a package of its own since Debian 13, and only needed where the administrator chose it.
start_libvirt_daemons() {
  local daemon
  give_kvm_to_qemu
  for daemon in virtlogd virtlockd libvirtd; do
    [ $daemon != virtlockd ] || command -v $daemon >/dev/null || continue
    daemon_runs "$daemon" || "$daemon" -d ||
      die "$daemon could not be started." "Run '$daemon -v' by hand to see why, then repeat the command."
  done
}

# Where udev does not run nobody has given the device to the group of QEMU's user; libvirt, which sees a device that QEMU
# cannot open, would then try out QEMU anew at every call.
give_kvm_to_qemu() {
  [ -c /dev/kvm ] && getent group kvm >/dev/null || return 0
  [ "$(stat -c %G:%a /dev/kvm)" = kvm:660 ] || { chgrp kvm /dev/kvm && chmod 660 /dev/kvm; }
}

# By its pid file: a search by name would also find the daemons of other namespaces.
daemon_runs() {
  local pid
  pid=$(cat "/run/$1.pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]
}
