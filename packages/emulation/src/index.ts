// The public names of @greenhouse/emulation.
export {}
