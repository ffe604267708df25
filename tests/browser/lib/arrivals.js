// What comes from outside is waited for no longer than anything on a page; then the test fails and says why.

const WAIT_MS_MAX = 30_000;

export async function within(promise, why) {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error(`not within ${WAIT_MS_MAX} ms: ${why()}`)), WAIT_MS_MAX);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Things in the order in which they came.
export class Arrivals {
  #kept = [];
  #looks = [];

  add(one) {
    this.#kept.push(one);
    for (const look of this.#looks.splice(0)) look();
  }

  // The first that fits, as soon as it is there; it is taken out.
  async first(what, fits = () => true) {
    for (;;) {
      const at = this.#kept.findIndex(fits);
      if (at >= 0) return this.#kept.splice(at, 1)[0];
      const another = new Promise((look) => this.#looks.push(look));
      await within(another, () => `${what}; what came instead: ${JSON.stringify(this.#kept).slice(0, 2000)}`);
    }
  }
}
