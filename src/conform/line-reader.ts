/** A text read line by line, with the numbers that messages name. Blank lines are passed over. */
export class LineReader {
  /** Of the line last read, from 1; 0 before the first. */
  number = 0;
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The next line without its end; null behind the last. */
  next(): string | null {
    while (this.at < this.text.length) {
      const found = this.text.indexOf('\n', this.at);
      const end = found < 0 ? this.text.length : found;
      const stop = this.text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
      const start = this.at;
      this.at = end + 1;
      this.number++;
      const line = this.text.slice(start, stop);
      if (line.trim() !== '') return line;
    }
    return null;
  }
}

const CARRIAGE_RETURN = 13;
