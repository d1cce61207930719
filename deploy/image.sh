#!/bin/sh
# Lays out what the container image is made of, below FOLDER:
#   root/   the binary, the licences of what is in it, the libraries that the system loads with it, and nothing else that runs
#   owned/  the data directory, to be owned by the user of the image
# Usage: deploy/image.sh BINARY FOLDER
set -eu
binary=$1
root=$2/root
install -D -m 0555 "$binary" "$root/usr/bin/reconciled"
# Whoever passes the image on passes these on with it.
install -D -m 0444 "$binary.licenses.txt" "$root/usr/share/doc/reconciled/licenses.txt"
# Under the names by which they are loaded: links are followed.
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
  install -D -m 0555 "$library" "$root$library"
done
# /etc/hosts first, as everywhere; without this file names of this machine would be asked of DNS.
install -d -m 0755 "$root/etc/reconciled"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
install -d -m 0700 "$2/owned/data"
