"""The client of gevent and urllib3: python3 client.py PORT COUNT."""
from gevent import monkey

monkey.patch_all()

import json
import resource
import sys
import time

import gevent.pool
import urllib3

CONCURRENCY = 200
base = "http://127.0.0.1:%s" % sys.argv[1]
count = int(sys.argv[2])
manager = urllib3.PoolManager(num_pools=1, maxsize=CONCURRENCY, block=False)


def get(path):
    return len(manager.request("GET", base + path).data)


def get_all(n):
    pool = gevent.pool.Pool(CONCURRENCY)
    lengths = list(pool.imap_unordered(get, ["/%d" % i for i in range(n)]))
    assert lengths == [1024] * n, lengths


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


get_all(2 * CONCURRENCY)
before, start = cpu(), time.perf_counter()
get_all(count)
print(json.dumps({"wall": (time.perf_counter() - start) * 1e3, "cpu": (cpu() - before) / count * 1e6}))
