# Sourced by every case: a clean environment, an empty working directory, and what several cases need.
#   Q=build/release/qkvbench tests/cases/NAME.sh     prints "ok" or "FAULT" with what is wrong, and ends with status 0 or 1
# A case is a fault that a user met; it is not where a part is tested for itself.
if [ -z "${IN_CASE-}" ]; then
  Q=${Q:-build/release/qkvbench}; case $Q in /*) ;; *) Q=$PWD/$Q;; esac
  exec env -i IN_CASE=1 PATH="$PATH" Q="$Q" LANG=C.UTF-8 TERM=xterm ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} \
    bash "$(cd "$(dirname "$0")" && pwd)/$(basename "$0")"
fi
W=$(mktemp -d); cd "$W" || exit 9; trap 'cd /; rm -rf "$W"' EXIT; export HOME=$W
T="--task copy --d-model 8 --layers 1 --heads 2 --seq-len 8 --n-train 64 --n-test 16 --epochs 1 --batch-size 16 --threads 1"
L="--task lm --d-model 8 --layers 1 --heads 2 --seq-len 8 --batch-size 4 --lr 1e-2 --threads 1"
I="--task images --image-size 8 --patch 4 --d-model 16 --heads 2 --layers 1 --batch-size 12 --epochs 12 --lr 1e-2 --dropout 0 --augment none --threads 1"
fault() { echo "FAULT $(basename "$0" .sh): $*"; exit 1; }
ok() { echo "ok    $(basename "$0" .sh)"; exit 0; }
# A text of 2,000 words of 3 letters.
text() { python3 -c "
import random
random.seed(1)
print(' '.join(random.choice(['abc', 'bca', 'cab', 'aab']) for _ in range(2000)), end='')"; }
# A folder of 8x8 PNGs of nearly one colour: images ROOT name=r,g,b ...
images() { python3 - "$@" <<'P'
import sys, os, zlib, struct, random
def chunk(t, d): return struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d))
def png(p, rgb):
    rows = (b'\0' + bytes(rgb) * 8) * 8
    open(p, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 8, 8, 8, 2, 0, 0, 0)) +
                        chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
r = random.Random(0)
for part, n in (('train', 12), ('test', 6)):
    for a in sys.argv[2:]:
        name, rgb = a.split('=')
        d = os.path.join(sys.argv[1], part, name)
        os.makedirs(d, exist_ok=True)
        for i in range(n):
            png(os.path.join(d, f'{i}.png'), [max(0, min(255, int(v) + r.randint(-20, 20))) for v in rgb.split(',')])
P
}
# The value at a dotted path in a JSON file: field FILE PATH
field() { python3 -c "
import json, sys
j = json.load(open(sys.argv[1]))
for k in sys.argv[2].split('.'): j = j[k]
print(j)" "$1" "$2"; }
