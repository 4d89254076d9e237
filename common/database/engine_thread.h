// Marks the threads that belong to a database engine. Waiting for the engine on one of them would
// wait for ever, so Transact and Read refuse to start there. For engines only.
#ifndef MESO_COMMON_DATABASE_ENGINE_THREAD_H_
#define MESO_COMMON_DATABASE_ENGINE_THREAD_H_

namespace meso {

// Called once by an engine's thread about itself.
void MarkEngineThread();
bool OnEngineThread();

}  // namespace meso

#endif  // MESO_COMMON_DATABASE_ENGINE_THREAD_H_
