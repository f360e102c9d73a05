#!/bin/sh
# vagrant-box.sh GUEST FOLDER: makes FOLDER/tiny.box, a Vagrant box for libvirt, of the small guest in GUEST (scripts/build-test-guest.sh), and FOLDER/vmlinuz
# and FOLDER/initrd.gz, which it boots. To the guest it adds what Vagrant asks of one: ssh with Vagrant's well-known key, scp and sudo.
set -eu
guest=$1
folder=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root/bin" "$root/sbin" "$root/etc/dropbear" "$root/root/.ssh"
chmod 700 "$root/root" "$root/root/.ssh"

cp /usr/sbin/dropbear "$root/sbin/dropbear"
for library in $(ldd /usr/sbin/dropbear | grep -o '/[^ ]*') /lib/x86_64-linux-gnu/libnss_files.so.2; do
  [ -e "$library" ] || continue
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
for type in ed25519 ecdsa; do
  dropbearkey -t "$type" -f "$root/etc/dropbear/dropbear_${type}_host_key" >/dev/null 2>&1
done
cat /usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant.pub >"$root/root/.ssh/authorized_keys"
chmod 600 "$root/root/.ssh/authorized_keys"

# One file, as Vagrant sends it.
cat >"$root/bin/scp" <<'SCP'
#!/bin/sh
for path; do :; done
printf '\0'
read -r mode size name
printf '\0'
[ ! -d "$path" ] || path=$path/$name
head -c "$size" >"$path"
printf '\0'
SCP
cat >"$root/bin/sudo" <<'SUDO'
#!/bin/sh
while :; do
  case $1 in
    -*) shift ;;
    *=*) export "$1"; shift ;;
    *) break ;;
  esac
done
exec "$@"
SUDO
chmod 755 "$root/bin/scp" "$root/bin/sudo"

(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) | cat "$guest/initrd.gz" - >"$folder/initrd.gz"
cp "$guest/vmlinuz" "$folder/vmlinuz"

box=$root/box
mkdir "$box"
echo '{"provider": "libvirt", "format": "qcow2", "virtual_size": 1}' >"$box/metadata.json"
qemu-img create -q -f qcow2 "$box/box.img" 8M
cat >"$box/Vagrantfile" <<BOX
class DroverTestGuest < Vagrant.plugin('2')
  name 'drover test guest'
  guest_capability('linux', 'configure_networks') { DroverTestGuestCapabilities }
end
class DroverTestGuestCapabilities
  def self.configure_networks(machine, networks)
    networks.each do |network|
      device = "eth#{network[:interface]}"
      machine.communicate.sudo("ip addr replace #{network[:ip]}/24 dev #{device} && ip link set #{device} up")
    end
  end
end
Vagrant.configure('2') do |config|
  config.vm.guest = :linux
  config.ssh.username = 'root'
  config.ssh.shell = 'sh'
  config.ssh.insert_key = false
  config.vm.allow_hosts_modification = false
  config.vm.allow_fstab_modification = false
  config.nfs.functional = false
  config.vm.provider :libvirt do |libvirt|
    libvirt.driver = 'qemu'
    libvirt.cpu_mode = 'custom'
    libvirt.cpu_model = 'qemu64'
    libvirt.cpu_fallback = 'allow'
    libvirt.kernel = '$folder/vmlinuz'
    libvirt.initrd = '$folder/initrd.gz'
    libvirt.cmd_line = 'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on'
    libvirt.graphics_type = 'none'
    libvirt.video_type = 'none'
  end
end
BOX
tar -C "$box" -czf "$folder/tiny.box" metadata.json box.img Vagrantfile
