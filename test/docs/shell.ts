/** A command of a shell's line: its words, without variables in front and redirections behind. */
export type Command = readonly string[];

/**
 * The commands of a block as one would type it: of `a | b`, `a && b` and `a; b` each. What stands behind a prompt (`$ `) is a
 * command; in a block that has one, all other lines are what was answered. Comments are left out.
 */
export function commandsOf(code: string): Command[] {
  const lines = code.replaceAll("\\\n", " ").split("\n");
  const prompted = lines.some((line) => line.startsWith("$ "));
  const typed = prompted ? lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2)) : lines;
  return typed.flatMap(commandsOfLine);
}

/** The commands of one line. */
export function commandsOfLine(line: string): Command[] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  const end = () => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] as string;
    if (letter === "'" || letter === '"') {
      const close = line.indexOf(letter, at + 1);
      if (close === -1) return [];
      word = (word ?? "") + line.slice(at + 1, close);
      at = close;
    } else if (/\s/.test(letter)) {
      end();
    } else if (letter === "#" && word === undefined) {
      break;
    } else if (/[|;&<>]/.test(letter)) {
      end();
      commands.push([]);
    } else {
      word = (word ?? "") + letter;
    }
  }
  end();
  return commands.filter(({ length }) => length > 0).map(withoutVariables);
}

function withoutVariables(words: readonly string[]): Command {
  const first = words.findIndex((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
  return words.slice(first === -1 ? words.length : first);
}

/** The words behind `kserve-ts` of a command that runs it, by whatever name; undefined where it is another. */
export function ownWords(command: Command): readonly string[] | undefined {
  const [first, ...rest] = command;
  if (first === "kserve-ts") return rest;
  if (first === "npx" && rest[0] === "kserve-ts") return rest.slice(1);
  if (first === "node" && rest[0] === "dist/kserve-ts.js") return rest.slice(1);
  return undefined;
}
