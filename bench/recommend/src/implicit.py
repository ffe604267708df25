# Trains the library `implicit` with its defaults and judges it by the same rules as ours. Arguments: pairs, test, factors.
import json, resource, sys, time
import numpy as np, scipy.sparse as sp
from implicit.als import AlternatingLeastSquares

pairs = np.loadtxt(sys.argv[1], dtype=np.int32)
test = [[int(it) for it in line.split("\t")] for line in open(sys.argv[2])]
products = max(pairs[:, 1].max(), max(max(line[1:]) for line in test)) + 1
matrix = sp.csr_matrix((np.ones(len(pairs), np.float32), (pairs[:, 0], pairs[:, 1])), shape=(len(test), products))
hits = gains = found = 0.0
used = []
SEEDS = 3
for seed in range(SEEDS):
    before = time.process_time()
    model = AlternatingLeastSquares(factors=int(sys.argv[3]), random_state=seed, num_threads=1)
    model.fit(matrix, show_progress=False)
    used.append(time.process_time() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    for person, (_, taken, *others) in enumerate(test):
        scores = model.item_factors @ model.user_factors[person]
        others = [it for it in others if it != taken]
        rank = int((scores[others] >= scores[taken]).sum())
        if rank < 10:
            hits += 1
            gains += 1 / np.log2(rank + 2)
        mine = scores[taken]
        scores[matrix.indices[matrix.indptr[person]:matrix.indptr[person + 1]]] = -np.inf
        scores[taken] = -np.inf
        found += (scores >= mine).sum() < 20
people = len(test) * SEEDS
print(json.dumps({"hit_rate": hits / people, "gain": gains / people, "recall": found / people,
                  "cpu_s": sum(used) / SEEDS, "peak_mb": peak}))
