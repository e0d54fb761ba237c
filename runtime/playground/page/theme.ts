import { type Segments, segments } from "./dom.ts";

const KEY = "kserve-ts-theme";

/** The choice between light, dark, and what the system has. It is kept for the next visit. */
export function themeSwitch(): Segments {
  const choice = segments(
    "Theme",
    [
      ["auto", "Auto"],
      ["light", "Light"],
      ["dark", "Dark"],
    ],
    apply,
  );
  const kept = stored();
  choice.value = kept;
  apply(kept);
  return choice;
}

function stored(): string {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto";
  }
}

function apply(theme: string): void {
  document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing: the choice holds for this visit.
  }
}
