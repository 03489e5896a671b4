/** A queue that hands out what goes before everything else in it; push and pop take logarithmic time. */
export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #goesBefore: (one: Item, other: Item) => boolean;

  constructor(goesBefore: (one: Item, other: Item) => boolean) {
    this.#goesBefore = goesBefore;
  }

  /** What the next `pop` will return; undefined when nothing is in it. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let place = items.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !this.#goesBefore(item, parent)) break;
      items[place] = parent;
      place = above;
    }
    items[place] = item;
  }

  pop(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const below = this.#better(left, left + 1);
      const child = items[below];
      if (child === undefined || !this.#goesBefore(child, last)) break;
      items[place] = child;
      place = below;
    }
    items[place] = last;
    return first;
  }

  #better(left: number, right: number): number {
    const [one, other] = [this.#items[left], this.#items[right]];
    return one !== undefined && other !== undefined && this.#goesBefore(other, one) ? right : left;
  }
}
