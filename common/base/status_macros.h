// Early return on error. `MESO_ASSIGN_OR_RETURN(const Lot lot, LoadLot(tx, name));`
#ifndef MESO_COMMON_BASE_STATUS_MACROS_H_
#define MESO_COMMON_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define MESO_RETURN_IF_ERROR(expression)         \
  do {                                           \
    absl::Status meso_status_ = (expression);    \
    if (!meso_status_.ok()) return meso_status_; \
  } while (false)

#define MESO_CONCAT_INNER_(a, b) a##b
#define MESO_CONCAT_(a, b) MESO_CONCAT_INNER_(a, b)
#define MESO_ASSIGN_OR_RETURN(declaration, expression) \
  MESO_ASSIGN_OR_RETURN_IMPL_(MESO_CONCAT_(meso_statusor_, __LINE__), declaration, expression)
#define MESO_ASSIGN_OR_RETURN_IMPL_(statusor, declaration, expression) \
  auto statusor = (expression);                                        \
  if (!statusor.ok()) return std::move(statusor).status();             \
  declaration = *std::move(statusor)

#endif  // MESO_COMMON_BASE_STATUS_MACROS_H_
