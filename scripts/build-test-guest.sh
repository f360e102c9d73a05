#!/bin/sh
# Builds the small virtual machine of the tests: Debian's cloud kernel, unpacked and not installed, and an initramfs of busybox (and dropbear
# where it is installed). Boots within seconds even where the processor is emulated. Debian, as root or with apt-get's permission to download.
#
#   sh scripts/build-test-guest.sh [FOLDER]     writes FOLDER/vmlinuz and FOLDER/initrd.gz; does nothing where they are there already
#
# The guest asks for an address by DHCP, then serves /www on port 80. What it is told in a NoCloud seed (a disk labelled cidata) is in
# /seed; user data that begins with #! is run. It powers off when it is asked by ACPI. Files in a cpio archive appended to initrd.gz are
# added to it; with /root/.ssh/authorized_keys among them it listens for ssh.
set -eu
folder=${1:-/usr/local/share/drover-test-guest}
if [ -e "$folder/vmlinuz" ] && [ -e "$folder/initrd.gz" ]; then
  echo "The test guest is in $folder."
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
[ -n "$package" ] || { echo 'This distribution has no linux-image-cloud-amd64; the test guest needs Debian.' >&2; exit 1; }
(cd "$work" && apt-get download -q "$package" && dpkg-deb -x "$package"_*.deb kernel)

root=$work/root
mkdir -p "$root/bin" "$root/sbin" "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp" "$root/seed" "$root/www" \
  "$root/etc/acpi/PWRF" "$root/etc/dropbear" "$root/root" "$root/modules"
cp /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done

# In the order in which they are loaded; one that is built in is no file.
number=10
for module in drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci_modern_dev \
  drivers/virtio/virtio_pci net/core/failover drivers/net/net_failover drivers/net/virtio_net drivers/block/virtio_blk \
  drivers/cdrom/cdrom fs/isofs/isofs drivers/acpi/button drivers/input/evdev; do
  file=$(echo "$work"/kernel/lib/modules/*/kernel/$module.ko)
  if [ -e "$file" ]; then cp "$file" "$root/modules/$number-$(basename "$file")"; fi
  number=$((number + 1))
done

printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:*:1::::::\n' >"$root/etc/shadow"
printf 'root:x:0:\n' >"$root/etc/group"
printf '/bin/sh\n' >"$root/etc/shells"
# The names of ACPI's events, of which the guest knows the power button.
printf '#!/bin/sh\npoweroff -f\n' >"$root/etc/acpi/PWRF/00000080"
chmod 755 "$root/etc/acpi/PWRF/00000080"

dropbear=$(PATH="$PATH:/usr/sbin" command -v dropbear || true)
if [ -n "$dropbear" ]; then
  cp "$dropbear" "$root/sbin/dropbear"
  # Its libraries, and those that the C library loads by itself.
  for library in $(ldd "$dropbear" | grep -o '/[^ ]*') /lib/x86_64-linux-gnu/libnss_files.so.2; do
    [ -e "$library" ] || continue
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
fi

cat >"$root/dhcp" <<'GUEST'
#!/bin/sh
case $1 in
  bound | renew)
    ip addr replace "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "${router%% *}" dev "$interface"
    ;;
esac
GUEST

cat >"$root/init" <<'GUEST'
#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts
mount -t devpts pts /dev/pts
for module in /modules/*.ko; do insmod "$module"; done
ip link set lo up
ip addr add 127.0.0.1/8 dev lo 2>/dev/null
for try in $(seq 1 100); do [ -e /sys/class/net/eth0 ] && break; sleep 0.05; done
ip link set eth0 up
udhcpc -i eth0 -q -n -f -t 30 -T 1 -A 1 -s /dhcp
cat /sys/class/dmi/id/product_uuid >/www/index.html
echo ok >/www/health
for disk in /dev/vd? /dev/sr?; do
  [ -e "$disk" ] || continue
  mount -r -t iso9660 "$disk" /seed 2>/dev/null && break
done
if [ "$(head -c 2 /seed/user-data 2>/dev/null)" = '#!' ]; then sh /seed/user-data; fi
httpd -p 80 -h /www
[ ! -e /root/.ssh/authorized_keys ] || dropbear -R -E -p 22
acpid -l /dev/null
echo "the guest is ready after $(cut -d' ' -f1 /proc/uptime) s"
udhcpc -i eth0 -f -s /dhcp >/dev/null 2>&1 &
while :; do sleep 3600; done
GUEST
chmod 755 "$root/init" "$root/dhcp"

mkdir -p "$folder"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$work/initrd.gz"
cp "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
mv "$work/vmlinuz" "$folder/vmlinuz"
mv "$work/initrd.gz" "$folder/initrd.gz"
echo "The test guest is in $folder."
