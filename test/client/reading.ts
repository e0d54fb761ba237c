/** Everything a stream gives. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const answers: T[] = [];
  for await (const answer of stream) answers.push(answer);
  return answers;
}

/** What came of a stream that has to fail, and what it ended with. */
export async function untilFailure<T>(
  stream: AsyncIterable<T>,
): Promise<{ readonly answers: T[]; readonly failure: unknown }> {
  const answers: T[] = [];
  try {
    for await (const answer of stream) answers.push(answer);
  } catch (failure) {
    return { answers, failure };
  }
  throw new Error("the stream did not fail");
}
