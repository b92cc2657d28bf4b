/** The events of one op, as the lines of a recording have them: each with a blank before it, in the order they happened. */
export class EventLog {
  /** All of them. */
  all = '';
  /** Without the calls of the lowest raw allocator. */
  placement = '';

  clear(): void {
    this.all = '';
    this.placement = '';
  }

  /** `+A:0@0`, `+A:fail`, `-A:0@0`. */
  arena(event: string): void {
    this.all += ` ${event}`;
    this.placement += ` ${event}`;
  }

  /** `rm:16`, `rc:1,262144`, `rr:0,768`, `rf:1`. */
  raw(event: string): void {
    this.all += ` ${event}`;
  }
}
