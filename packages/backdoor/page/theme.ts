// Light or dark: as the system has it, or as was chosen.
import { useEffect, useState } from 'preact/hooks'

export type Theme = 'auto' | 'light' | 'dark'

const KEY = 'greenhouse-theme'

/** The theme that is shown, the one that was chosen, and what chooses. */
export function useTheme(): ['light' | 'dark', Theme, (theme: Theme) => void] {
  const [chosen, setChosen] = useState<Theme>(() => stored())
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const [system, setSystem] = useState(dark.matches)
  useEffect(() => {
    const listen = () => setSystem(dark.matches)
    dark.addEventListener('change', listen)
    return () => dark.removeEventListener('change', listen)
  }, [])
  const shown = chosen === 'auto' ? (system ? 'dark' : 'light') : chosen
  // At once, not in an effect: colours are read while the page is drawn.
  document.documentElement.dataset['theme'] = shown
  const choose = (theme: Theme) => {
    localStorage.setItem(KEY, theme)
    setChosen(theme)
  }
  return [shown, chosen, choose]
}

function stored(): Theme {
  const value = localStorage.getItem(KEY)
  return value === 'light' || value === 'dark' ? value : 'auto'
}
