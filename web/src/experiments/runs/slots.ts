/** Which element shows which row. An element that goes out of sight is used for a row that comes into it: changing texts costs the browser less than new elements. */
export class Slots {
  private first = 0;
  private last = -1;
  private shift = 0;

  /**
   * Takes in the rows in sight. Where none of them was in sight before, the first one gets the element of the first one before, so that no
   * element has to move among the others: those that move are styled and laid out anew.
   */
  show(first: number, last: number) {
    if (first > this.last || last < this.first) this.shift += first - this.first;
    this.first = first;
    this.last = last;
  }

  /** The number of the row's element, below `count`. */
  of(index: number, count: number): number {
    return (((index - this.shift) % count) + count) % count;
  }
}
