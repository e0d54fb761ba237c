/** A field of the form that cannot be sent as it is. */
export class FieldError extends Error {
  readonly field: HTMLElement;

  constructor(message: string, field: HTMLElement) {
    super(message);
    this.field = field;
  }
}
