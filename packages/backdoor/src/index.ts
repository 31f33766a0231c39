// The public names of @greenhouse/backdoor.
export {}
