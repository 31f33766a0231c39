// A program worth looking at: orders come in, are checked, stored, mailed; some wait for a lock that is held too long. Run it, and
// open the address that it prints. `node packages/backdoor/scripts/demo.mjs [greenlets]` after `npm run build`.
import { greenlet, pause, pauseFor, schedule, wait, withTimeout } from '@greenhouse/scheduler'
import { Event, Lock, Queue, RateLimiter, Semaphore } from '@greenhouse/util'
import { Pool } from '@greenhouse/pool'
import { runDashboard } from '@greenhouse/backdoor'

const extra = Number(process.argv[2] ?? 0)
const orders = new Queue(64, { name: 'orders' })
const invoices = new Queue(200, { name: 'invoices' })
const inventory = new Lock({ name: 'inventory' })
const ledger = new Lock({ name: 'ledger' })
const database = new Semaphore(8, { name: 'database' })
const mailApi = new RateLimiter(20, 1000, { name: 'mail api' })
const shutdown = new Event({ name: 'shutdown' })
const mailer = new Pool(mail, { concurrency: 6, name: 'mailer' }).start()
let seed = 1
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647

function named(name, body, ...args) {
  return schedule(greenlet(body, { name, args }))
}

function* frontend(i) {
  for (let n = 0; ; n++) {
    yield* pauseFor(30 + random() * 220)
    if (n % 3 === 0) named(`GET /orders/${1000 + n * 7 + i}`, request)
    yield* orders.put({ n, i })
  }
}

function* request() {
  yield* database.acquire()
  try {
    yield* pauseFor(20 + random() * 400)
  } finally {
    database.release()
  }
}

function* worker() {
  for (;;) {
    const order = yield* orders.get()
    yield* pauseFor(random() * 60)
    yield* withTimeout(5000, function* () {
      yield* inventory.acquire()
      try {
        yield* pauseFor(random() * 50)
      } finally {
        inventory.release()
      }
    })
    yield* invoices.put(order)
  }
}

function* billing() {
  for (;;) {
    const order = yield* invoices.get()
    yield* ledger.acquire()
    try {
      yield* wait(new Promise((resolve) => setTimeout(resolve, 10 + random() * 90)))
    } finally {
      ledger.release()
    }
    if (order.n % 2 === 0) yield* mailer.put(order)
  }
}

function* mail() {
  yield* mailApi.acquire()
  yield* pauseFor(random() * 300)
}

function* collect() {
  for (;;) yield* mailer.get()
}

function* report() {
  for (;;) {
    yield* pauseFor(4000)
    yield* ledger.acquire()
    yield* pauseFor(1500)
    ledger.release()
  }
}

function* compute() {
  for (;;) {
    yield* pauseFor(700)
    const until = performance.now() + 8 + random() * 30
    while (performance.now() < until) Math.sqrt(random())
    for (let i = 0; i < 200; i++) yield* pause()
  }
}

function* idle(i) {
  for (;;) yield* pauseFor(500 + ((i * 37) % 1500))
}

function* group(name, count, body) {
  const children = Array.from({ length: count }, (_, i) => named(`${name} ${i + 1}`, body, i))
  for (const child of children) yield* child.join()
}

named('frontends', group, 'frontend', 6, frontend)
named('workers', group, 'worker', 12, worker)
named('billing', group, 'clerk', 4, billing)
named('mail results', collect)
named('nightly report', report)
named('price model', compute)
named('wait for shutdown', function* () {
  yield* shutdown.wait()
})
if (extra > 0) named('sensors', group, 'sensor', extra, idle)

schedule(
  greenlet(
    () =>
      runDashboard(process.env.DASHBOARD ?? '127.0.0.1:0', {
        allow: ['inspect', 'act', 'record'],
        keepAlive: true,
        onListening: ({ url }) => console.log(url),
      }),
    { name: 'dashboard server' },
  ),
)
