#include "services/audit/domain/free_text.h"

#include <gtest/gtest.h>

namespace meso::audit {
namespace {

TEST(FreeTextTest, FindsThePatientAndNoOther) {
  struct Case {
    const char* text;
    const char* patient;
    bool names;
  };
  const Case cases[] = {
      {"GDPR request of p-17", "patients/p-17", true},
      {"GDPR request of p-17", "patients/p-18", false},
      {"GDPR request of (p-17).", "patients/p-17", true},
      {"GDPR request of patients/x", "patients/p-17", true},
      {"GDPR request of patients/x", "", true},
      {"GDPR request", "patients/p", false},
      {"GDPR request", "patients/GD", false},
      {"GDPR request", "patients/GDP", true},
      {"GDPR request", "", false},
      {"", "patients/p-17", false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(NamesPatient(one.text, one.patient), one.names) << one.text << one.patient;
  }
}

}  // namespace
}  // namespace meso::audit
