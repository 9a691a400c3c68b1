// Who may join a group, as far as limits say so.
#include "core/model/admission.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "quiet_broker.hpp"

namespace shared_subscription {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AdmittingBroker : public ListeningBroker {
  public:
    [[nodiscard]] std::int64_t now() override { return time; }
    std::int64_t time = 1'000'000;
};

class AdmissionTest : public ::testing::Test {
  protected:
    bool may_join(const std::string& client, const std::string& filter) {
        return admission.may_join({.context = nullptr, .id = client}, parse_subscription(filter));
    }
    bool join(const std::string& client, const std::string& filter) {
        if (!may_join(client, filter)) return false;
        const auto group = parse_subscription(filter);
        registry.join(registry.session(client), group.share_name, group.topic_filter,
                      Standing::present);
        return true;
    }

    AdmittingBroker broker;
    Registry registry{StrategyTable(), [] { return std::uint64_t{0}; }};
    Admission admission{registry, broker};
};

TEST_F(AdmissionTest, NamesHaveSoManyBytesAtMost) {
    admission.set_limits({.group_name = 5});
    EXPECT_TRUE(join("a", "$share/12345/t"));
    EXPECT_FALSE(join("a", "$share/123456/t"));
    EXPECT_THAT(broker.lines,
                ElementsAre(AllOf(HasSubstr("'a'"), HasSubstr("'123456'"), HasSubstr("6 bytes"),
                                  HasSubstr("plugin_opt_max_group_name_bytes allows 5"))));
    admission.set_limits({.group_name = 0});
    EXPECT_TRUE(join("a", "$share/" + std::string(60'000, 'x') + "/t"));
}

TEST_F(AdmissionTest, AClientIsInSoManyGroupsAtMost) {
    admission.set_limits({.groups_of_a_client = 2});
    EXPECT_TRUE(join("a", "$share/g/1"));
    EXPECT_TRUE(join("a", "$queue/2"));
    EXPECT_FALSE(join("a", "$share/g/3"));
    EXPECT_THAT(broker.lines, ElementsAre(AllOf(HasSubstr("it is in 2 groups"),
                                                HasSubstr("plugin_opt_max_groups_per_client"))));
    EXPECT_TRUE(join("a", "$share/g/1")) << "it is a member";
    EXPECT_TRUE(join("b", "$share/g/3"));
    registry.leave(*registry.find_member("a", "g", "1"));
    EXPECT_TRUE(join("a", "$share/g/3"));
}

TEST_F(AdmissionTest, ThereAreSoManyMembersAtMost) {
    admission.set_limits({.members = 2});
    EXPECT_TRUE(join("a", "$share/g/1"));
    EXPECT_TRUE(join("b", "$share/g/1"));
    EXPECT_FALSE(join("c", "$share/g/1"));
    EXPECT_THAT(broker.lines, ElementsAre(AllOf(HasSubstr("all groups have 2 members"),
                                                HasSubstr("plugin_opt_max_members"))));
    registry.erase(*registry.find("a"));
    EXPECT_TRUE(join("c", "$share/g/1"));
}

TEST_F(AdmissionTest, IsUnlimitedWhereTheLimitIsNought) {
    admission.set_limits({.group_name = 0, .groups_of_a_client = 0, .members = 0});
    for (int number = 0; number < 3000; ++number)
        ASSERT_TRUE(join("a", "$share/g/" + std::to_string(number)));
    EXPECT_THAT(broker.lines, IsEmpty());
}

TEST_F(AdmissionTest, SaysEachReasonOnceInTenSeconds) {
    admission.set_limits({.group_name = 1, .groups_of_a_client = 1});
    EXPECT_TRUE(join("a", "$share/g/1"));
    for (int times = 0; times < 100; ++times) {
        EXPECT_FALSE(join("a", "$share/g/2"));
        EXPECT_FALSE(join("b", "$share/long/2"));
    }
    EXPECT_THAT(broker.lines, ::testing::SizeIs(2));
    broker.time += 9;
    EXPECT_FALSE(join("a", "$share/g/2"));
    EXPECT_THAT(broker.lines, ::testing::SizeIs(2));
    broker.time += 1;
    EXPECT_FALSE(join("a", "$share/g/2"));
    EXPECT_THAT(broker.lines, ::testing::SizeIs(3));
}

}  // namespace
}  // namespace shared_subscription
