/** Return an id that begins with a word and that is not taken: `mail`, `mail-2`. */
export function freeId(word: string, taken: readonly string[]): string {
  let id = word;
  for (let number = 2; taken.includes(id); number += 1) id = `${word}-${number}`;
  return id;
}
