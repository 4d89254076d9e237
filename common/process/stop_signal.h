// Waits for SIGTERM or SIGINT. One waiter per process; a signal that arrives while the process is
// already stopping is ignored.
#ifndef MESO_COMMON_PROCESS_STOP_SIGNAL_H_
#define MESO_COMMON_PROCESS_STOP_SIGNAL_H_

namespace meso {

// Installs the handlers; signals from now on are remembered. Call it before the process says it is
// ready. Idempotent.
void CatchStopSignals();

// Blocks until one has arrived since CatchStopSignals, and returns its number.
int WaitForStopSignal();

}  // namespace meso

#endif  // MESO_COMMON_PROCESS_STOP_SIGNAL_H_
