/**
 * Connections whose clients are to go elsewhere: the next answer on each says that it is the last. A few at most, and
 * only while the server drains.
 */
const leaving = new WeakSet<object>();

/** Has the next answer on a connection be its last. */
export function askToLeave(connection: object): void {
  leaving.add(connection);
}

/** Whether the next answer on a connection is its last. */
export function isLeaving(connection: object): boolean {
  return leaving.has(connection);
}
