/** Where the claim is mounted in the helper. */
export const MOUNT_PATH = "/store";

/** What is ours on the claim: files that have not arrived whole, and the digests of those that have. */
export const OWN_FOLDER = ".kserve-ts";

/** How a script that reads says that it ends, before it has read all: with its exit code behind. */
export const END_WORD = "kserve-ts-end";

/** Exit codes of the scripts that say what went wrong. */
export const EXIT = { short: 44, damaged: 45 } as const;

/** Ends when it is told to, so that the pod is gone at once. */
export const WAIT_SCRIPT = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

/**
 * $1: a folder below the claim's root. Prints `size sha256 path` of every file, each ended by a zero byte. The digest is
 * the one noted when the file arrived; `-` where there is none, or where the file was written again since.
 */
export const LIST_SCRIPT = `
cd ${MOUNT_PATH}
[ -d "./$1" ] || exit 0
find "./$1" -type f ! -path "./${OWN_FOLDER}/*" -exec sh -c '
for file; do
  note="${OWN_FOLDER}/sums/$file" sum=-
  if [ -f "$note" ] && ! [ "$file" -nt "$note" ]; then sum=$(cat "$note"); fi
  printf "%s %s %s\\0" "$(stat -c %s "$file")" "$sum" "$file"
done' sh {} +
`;

/** $1: name of a part. Prints how many bytes of it have arrived. */
export const ARRIVED_SCRIPT = `
part="${MOUNT_PATH}/${OWN_FOLDER}/parts/$1"
if [ -f "$part" ]; then stat -c %s "$part"; else echo 0; fi
`;

/**
 * $1: path below the claim's root, $2: digest, $3: name of the part, $4: bytes that are there, $5: bytes that come,
 * $6: bytes of the whole.
 * Appends what it reads, and gives the file its name when it is whole: nobody sees half of one. It reads no further than
 * what is to come, since not every cluster tells a command that its input ended. Where it fails it stays until its word
 * is read, for with it the connection may end.
 */
export const PUT_SCRIPT = `
trap 'code=$?; echo "${END_WORD} $code" >&2; [ $code = 0 ] || sleep 2' EXIT
set -e
umask 022
cd ${MOUNT_PATH}
own="${OWN_FOLDER}"
mkdir -p "$own/parts" "$(dirname "./$1")" "$(dirname "$own/sums/$1")"
part="$own/parts/$3"
if [ "$4" = 0 ]; then : > "$part"; fi
head -c "$5" >> "$part"
if [ "$(stat -c %s "$part")" != "$6" ]; then exit ${EXIT.short}; fi
sum=$(sha256sum < "$part" | cut -d " " -f 1)
if [ "$sum" != "$2" ]; then rm -f "$part"; exit ${EXIT.damaged}; fi
mv -f "$part" "./$1"
printf %s "$2" > "$own/sums/$1"
`;
