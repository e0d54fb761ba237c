import { createRequire } from "node:module";
import { join } from "node:path";

/** Packages that only some installations have: the served project's own copies, else those beside us. */
export class OptionalPackages {
  readonly #places: readonly string[];

  /**
   * @param folders of the served project, best first
   * @param ownUrl a module of ours, from which packages are looked for last; undefined: not there
   */
  constructor(folders: readonly string[], ownUrl: string | undefined) {
    this.#places = [
      ...folders.map((folder) => join(folder, "resolve.js")),
      ...(ownUrl === undefined ? [] : [ownUrl]),
    ];
  }

  /** A package's exports; undefined where it is not installed. */
  find<Exports>(name: string): Exports | undefined {
    const require = this.#requireOf(name);
    return require === undefined ? undefined : (require(name) as Exports);
  }

  /**
   * A package's exports.
   * @param install the command that installs it
   * @throws Error with that command where it is not installed
   */
  require<Exports>(name: string, install: string): Exports {
    const found = this.find<Exports>(name);
    if (found === undefined) throw new Error(`${name} is not installed. Run ${install}`);
    return found;
  }

  /** A dependency of an installed package, which need not be installed beside it. */
  dependencyOf<Exports>(name: string, dependency: string): Exports {
    const require = this.#requireOf(name);
    if (require === undefined) throw new Error(`${name} is not installed`);
    return createRequire(require.resolve(name))(dependency) as Exports;
  }

  #requireOf(name: string): NodeJS.Require | undefined {
    for (const place of this.#places) {
      const require = createRequire(place);
      try {
        require.resolve(name);
        return require;
      } catch {
        // The next place may have it.
      }
    }
    return undefined;
  }
}
