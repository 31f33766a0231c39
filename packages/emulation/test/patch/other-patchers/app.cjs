const childProcess = require('node:child_process')
const timers = require('node:timers/promises')

exports.sleep = () => timers.setTimeout(60_000)
exports.run = (done) => childProcess.exec('sleep 60', done)
