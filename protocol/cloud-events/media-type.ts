/** Content type of one event with its attributes in the body. KServe compares it as a whole. */
export const STRUCTURED_TYPE = "application/cloudevents+json";

/** Whether a Content-Type says that the body is an event, its attributes included; parameters do not matter. */
export function isEventType(contentType: string | undefined): boolean {
  if (contentType === undefined || !contentType.toLowerCase().startsWith("application/cloudevents"))
    return false;
  return mediaType(contentType) === STRUCTURED_TYPE;
}

/** Whether data of a type is JSON; data without a type is (CloudEvents 1.0, section 3.1). */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  const type = mediaType(contentType);
  return type === "application/json" || type === "text/json" || type.endsWith("+json");
}

function mediaType(contentType: string): string {
  const semicolon = contentType.indexOf(";");
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}
