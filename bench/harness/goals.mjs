// Goals as text: '<= 55' (a figure of greenhouse itself), '<= 4.5x' (what it costs against a row), '>= 3x' (how many times
// faster than a row). All figures are better when lower.

/** What a noisy machine is granted. */
export const TOLERANCE = 1.25

/** Compares what was measured with a goal: whether it is reached, and how far off. */
export function judge(goal, measured, { scale = 1, tolerance = TOLERANCE } = {}) {
  const [, sign, number] = /^(<=|>=) ([\d.]+)x?$/.exec(goal)
  const wanted = Number(number) * scale
  const excess = sign === '<=' ? measured / wanted : wanted / measured
  return {
    reached: excess <= tolerance,
    verdict: excess <= 1 ? 'reached' : excess <= tolerance ? 'in tolerance' : 'MISSED',
  }
}

/** Whether a goal compares with a row, and not with a number. */
export function isRatio(goal) {
  return goal.endsWith('x')
}

/** How greenhouse compares with a row, in the direction in which the goal is put. */
export function ratioFor(goal, own, other) {
  return goal.startsWith('>=') ? other / own : own / other
}
