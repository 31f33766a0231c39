// The public names of @greenhouse/io.

// Sockets

// TLS

// Servers

// Datagrams

// Files

// Pipes

// Names

// Processes

// Signals
export {}
