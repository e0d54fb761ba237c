import { parseChoice } from "../../runtime/option-text.ts";
import { SHELLS } from "../completion/shells.ts";
import { defineVerb } from "../verb.ts";

/** `kserve-ts completion`: the script that completes verbs, flags and their values in a shell. */
export const completion = defineVerb({
  name: "completion",
  summary: "Print the script that completes kserve-ts in a shell",
  description: [
    "Completes verbs, flags, the words that flags take, files and folders. The script knows the verbs of this version, so print it anew after an update. In ~/.bashrc: source <(kserve-ts completion bash). In ~/.zshrc, after compinit: source <(kserve-ts completion zsh). Once for fish: kserve-ts completion fish > ~/.config/fish/completions/kserve-ts.fish.",
  ],
  arguments: { shell: { doc: "bash, zsh or fish.", words: SHELLS } },
  options: {},
  examples: [{ says: "Complete in this bash", command: "kserve-ts completion bash" }],
  run: async (call) => {
    const shell = parseChoice(call.arguments.shell, "<shell>", SHELLS);
    return (await import("../completion/run-completion.ts")).runCompletion(shell, call.terminal);
  },
});
