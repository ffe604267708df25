# %% [markdown]
# What goes with what, by hand: baskets out of the files that `soko-server parquet` writes, what is bought together, and a small
# factorisation in numpy, each asked for a product that was taken out of the latest baskets. For looking and trying; what devices
# suggest is trained by the server. Run it as it is (`python explore.py FOLDER`), or cell by cell where `# %%` is understood.

# %% The baskets: sales at counters and orders that were handed over, by stall; who bought is not asked here.
import sys

import numpy as np
from datafusion import SessionContext

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "/srv/soko-ledger"
SEED, FACTORS, ROUNDS, WEIGHT, REGULAR, SHOWN = 7, 24, 12, 8.0, 4.0, 5

engine = SessionContext()
for table, months in [("lines", "partitioned by (month)"), ("products", "")]:
    engine.sql(f"create external table {table} stored as parquet {months} location '{FOLDER}/{table}/'").collect()
rows = engine.sql(
    """
    select distinct stall, sale, product, min(at) over (partition by stall, sale) as at
    from lines where deed = 'sale' and product is not null order by at, sale, product
    """
).to_pydict()
names = engine.sql("select stall, product, name from products").to_pydict()
name_of = {key: name for *key, name in zip(names["stall"], names["product"], names["name"]) for key in [tuple(key)]}

number_of, baskets = {}, {}
for stall, sale, product in zip(rows["stall"], rows["sale"], rows["product"]):
    number = number_of.setdefault((stall, product), len(number_of))
    baskets.setdefault((stall, sale), []).append(number)
products = list(number_of)
stall_of = np.array([stall for stall, _ in products])
together = [(stall, basket) for (stall, _), basket in baskets.items() if len(basket) >= 2]
split = len(together) * 9 // 10
known, latest = [basket for _, basket in together[:split]], together[split:]
if not latest or len(known) < 50:
    sys.exit(f"{len(together)} baskets of two products or more: too few to learn from")
print(f"{len(baskets)} baskets, {len(together)} of two products or more; {len(products)} products")

# %% What is bought together: the cosine of two products' baskets.
basket_of = np.zeros((len(known), len(products)))
for row, basket in enumerate(known):
    basket_of[row, basket] = 1.0
count = basket_of.sum(axis=0)
both = basket_of.T @ basket_of
cosine = both / np.sqrt(np.outer(np.maximum(count, 1), np.maximum(count, 1)))
np.fill_diagonal(cosine, 0.0)
for at in np.argsort(-cosine, axis=None)[: 2 * SHOWN : 2]:
    one, other = np.unravel_index(at, cosine.shape)
    print(f"  {name_of.get(products[one])} + {name_of.get(products[other])}: {int(both[one, other])} baskets, {cosine[one, other]:.2f}")


# %% Factors: alternating least squares for implicit feedback, every basket being a person who bought it.
def solve(fixed, bought):
    """The factors of one row, from those of what it has; what it has not counts a little, as nothing."""
    mine = fixed[bought]
    left = gram + WEIGHT * mine.T @ mine + REGULAR * np.eye(FACTORS)
    return np.linalg.solve(left, (1.0 + WEIGHT) * mine.sum(axis=0))


chance = np.random.default_rng(SEED)
of_product = chance.normal(0.0, 0.1, (len(products), FACTORS))
of_basket = np.zeros((len(known), FACTORS))
baskets_with = [np.flatnonzero(basket_of[:, product]) for product in range(len(products))]
for _ in range(ROUNDS):
    gram = of_product.T @ of_product
    for row, basket in enumerate(known):
        of_basket[row] = solve(of_product, basket)
    gram = of_basket.T @ of_basket
    for product, with_it in enumerate(baskets_with):
        of_product[product] = solve(of_basket, with_it)
gram = of_product.T @ of_product

# %% One product is taken out of each of the latest baskets: how often is it among the first of its stall?
found = {"popularity": 0, "together": 0, "factors": 0}
for stall, basket in latest:
    hidden = int(chance.choice(basket))
    rest = [product for product in basket if product != hidden]
    scores = {"popularity": count, "together": cosine[rest].sum(axis=0), "factors": of_product @ solve(of_product, rest)}
    for model, score in scores.items():
        offered = np.where(stall_of == stall, score, -np.inf)
        offered[rest] = -np.inf
        found[model] += hidden in np.argsort(-offered)[:SHOWN]
for model, hits in found.items():
    share = hits / len(latest)
    print(f"  {model:<11} finds {share:.1%} of {len(latest)} (give or take {1.96 * (share * (1 - share) / len(latest)) ** 0.5:.1%})")
