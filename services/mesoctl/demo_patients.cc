#include "services/mesoctl/demo_patients.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "services/mesoctl/demo_dice.h"

namespace meso::mesoctl {
namespace {

constexpr char kBirthDate[] = "birth_date";
constexpr int kYoungest = 20;  // years; well above 18 on every day of the chain
constexpr int kAgeSpan = 50;
constexpr uint64_t kPatientDice = 0x70617469656e7473;  // apart from the dice of the sessions

// One thing that can be had at one site.
struct Dish {
  std::string site;
  std::string treatment;
  std::string cocktail;
};

std::vector<Dish> ReadMenu(const Value& menu) {
  std::vector<Dish> dishes;
  for (const Value& entry : menu.list_value().values()) {
    for (const Value& offer : Member(entry, "offers").list_value().values()) {
      for (const Value& cocktail : Member(offer, "cocktails").list_value().values()) {
        dishes.push_back({Text(entry, "site"), Text(offer, "treatment"), cocktail.string_value()});
      }
    }
  }
  return dishes;
}

std::vector<Dish> Matching(const std::vector<Dish>& dishes, const Value& profile) {
  std::vector<Dish> matching;
  for (const Dish& dish : dishes) {
    if (dish.treatment == Text(profile, "treatment") &&
        dish.cocktail == Text(profile, "cocktail")) {
      matching.push_back(dish);
    }
  }
  return matching;
}

std::vector<Dish> At(const std::vector<Dish>& dishes, const std::string& site) {
  std::vector<Dish> at;
  for (const Dish& dish : dishes) {
    if (dish.site == site) at.push_back(dish);
  }
  return at;
}

class Inventor {
 public:
  Inventor(const Value& data, const Value& menu, const DemoChoice& choice)
      : data_(data),
        menu_(menu),
        choice_(choice),
        dishes_(ReadMenu(menu)),
        dice_(choice.seed ^ kPatientDice) {}

  absl::StatusOr<std::vector<DemoPatient>> Invent() {
    const size_t count = static_cast<size_t>(Member(data_, "patients").number_value());
    profiles_.assign(count, nullptr);
    MESO_RETURN_IF_ERROR(DealProfiles());
    std::vector<DemoPatient> patients;
    for (size_t i = 0; i < count; ++i) {
      MESO_ASSIGN_OR_RETURN(DemoPatient patient, InventOne(i));
      patients.push_back(std::move(patient));
    }
    return patients;
  }

 private:
  // Named codes first, then chance.
  absl::Status DealProfiles() {
    size_t left = profiles_.size();
    for (const Value& profile : Member(data_, "profiles").list_value().values()) {
      for (const Value& code : Member(profile, "codes").list_value().values()) {
        int number = 0;
        if (!absl::SimpleAtoi(code.string_value().substr(3), &number) || number < 1 ||
            static_cast<size_t>(number) > profiles_.size()) {
          return absl::InvalidArgumentError(
              absl::StrCat("patients.json: there is no ", code.string_value()));
        }
        profiles_[number - 1] = &profile;
        --left;
      }
    }
    for (const Value& profile : Member(data_, "profiles").list_value().values()) {
      const int named = Member(profile, "codes").list_value().values_size();
      const int wanted = static_cast<int>(Member(profile, "patients").number_value());
      for (int i = named; i < wanted; ++i, --left) {
        if (left == 0) {
          return absl::InvalidArgumentError("patients.json: more profiles than patients");
        }
        size_t at = dice_.Below(profiles_.size());
        while (profiles_[at] != nullptr) at = (at + 1) % profiles_.size();
        profiles_[at] = &profile;
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<DemoPatient> InventOne(size_t i) {
    const Value* profile = profiles_[i];
    const auto& sites = menu_.list_value().values();
    if (sites.empty()) return absl::InvalidArgumentError("plan.json: the menu is empty");
    // Everybody without a profile: the sites in turn, so that each has its share.
    const std::vector<Dish> choices =
        profile != nullptr
            ? Matching(dishes_, *profile)
            : At(dishes_, Text(sites.Get(static_cast<int>(i) % sites.size()), "site"));
    if (choices.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("plan.json: nothing is offered to patient ", i + 1));
    }
    const Dish& dish = choices[dice_.Below(choices.size())];
    DemoPatient patient;
    patient.name = absl::StrFormat("patients/PT-%04d", i + 1);
    patient.site = dish.site;
    patient.treatment = dish.treatment;
    patient.cocktail = dish.cocktail;
    patient.books = profile == nullptr || Member(*profile, "books").bool_value();
    const std::string birth_date =
        absl::StrFormat("%04d-%02d-%02d",
                        choice_.start.year() - kYoungest - static_cast<int>(dice_.Below(kAgeSpan)),
                        1 + dice_.Below(12), 1 + dice_.Below(28));
    patient.answers.mutable_struct_value();
    if (profile != nullptr) {
      patient.rule = Text(*profile, "rule");
      const double first = Member(*profile, "first_day").number_value();
      if (first > 0) patient.first_day = static_cast<int>(first);
      MESO_ASSIGN_OR_RETURN(const std::string answers,
                            Expand(JsonText(Member(*profile, "answers")), choice_.start, {}));
      MESO_ASSIGN_OR_RETURN(patient.answers, ParseJson(answers));
    }
    auto& answers = *patient.answers.mutable_struct_value()->mutable_fields();
    if (answers.count(kBirthDate) == 0) answers[kBirthDate].set_string_value(birth_date);
    return patient;
  }

  const Value& data_;
  const Value& menu_;
  const DemoChoice& choice_;
  const std::vector<Dish> dishes_;
  DemoDice dice_;
  std::vector<const Value*> profiles_;  // by patient
};

}  // namespace

absl::StatusOr<std::vector<DemoPatient>> InventPatients(const Value& data, const Value& menu,
                                                        const DemoChoice& choice) {
  return Inventor(data, menu, choice).Invent();
}

}  // namespace meso::mesoctl
