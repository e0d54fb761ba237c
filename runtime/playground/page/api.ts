import type { ExampleView, StateView } from "../wire.ts";

/** What the server says of itself. @param request after which requests are wanted @param line and lines of the log */
export async function fetchState(request: number, line: number): Promise<StateView> {
  return (await getJson(`/playground/state?requests=${request}&log=${line}`)) as StateView;
}

/** The project's examples. */
export async function fetchExamples(): Promise<readonly ExampleView[]> {
  return (await getJson("/playground/examples")) as readonly ExampleView[];
}

/** @throws Error with what the server said */
export async function getJson(path: string): Promise<unknown> {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  if (response.ok) return response.json();
  throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
}
