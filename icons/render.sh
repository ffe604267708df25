#!/usr/bin/env bash
# Makes every picture in this folder, and the one of iPhones, from the two drawings. Needs librsvg2-bin, ImageMagick and icnsutils.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

draw() { rsvg-convert --width "$2" --height "$2" --output "$3" "$1"; }
work="$(mktemp -d)"
trap 'rm -r "$work"' EXIT

for size in 16 32 48 64 128 256 512; do draw soko.svg "$size" "$work/$size.png"; done
cp "$work/32.png" 32x32.png
cp "$work/128.png" 128x128.png
cp "$work/256.png" 128x128@2x.png
cp "$work/512.png" icon.png
convert-im6.q16 "$work/16.png" "$work/32.png" "$work/48.png" "$work/64.png" "$work/256.png" icon.ico
png2icns icon.icns "$work/16.png" "$work/32.png" "$work/128.png" "$work/256.png" "$work/512.png" >/dev/null

# A maskable icon may be cut to a circle: the tile fills the square, the stall keeps to the middle.
sed 's/ rx="112"//' soko.svg >"$work/maskable.svg"
draw "$work/maskable.svg" 192 maskable-192.png
draw "$work/maskable.svg" 512 maskable-512.png
draw soko.svg 192 192x192.png

# iPhones cut the corners themselves and take no picture that one can see through.
draw "$work/maskable.svg" 1024 "$work/apple.png"
convert-im6.q16 "$work/apple.png" -alpha off ../gen/apple/Assets.xcassets/AppIcon.appiconset/AppIcon.png

# For panels: dark lines for a light panel, light lines for a dark one.
sed 's/currentColor/#1c1917/' soko-symbol.svg >"$work/dark.svg"
sed 's/currentColor/#fafaf9/' soko-symbol.svg >"$work/light.svg"
draw "$work/dark.svg" 64 tray-dark.png
draw "$work/light.svg" 64 tray-light.png
