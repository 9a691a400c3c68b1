// The fixture of the tests of access control: clients that may do everything, and bob, who may not.

#pragma once

#include <string>
#include <vector>

#include "broker_test.hpp"

namespace integration {

// Who decides about access.
enum class AccessControlKind {
    acl_file,
    dynamic_security_by_default,    // what no role allows is denied: answered with DEFER
    dynamic_security_by_exception,  // what no role denies is allowed
    plugin_v4,
    plugin_v5,
};

struct AccessControlRow {
    std::string name;
    AccessControlKind kind;
};
void PrintTo(const AccessControlRow& row, std::ostream* stream);

// Clients whose name is their client id; the one that has a user name, the same, is bob. Everybody
// publishes to secret/..., but bob reads nothing of it. Nor may bob, where the kind can tell,
// subscribe to closed/#, in a group or not, or unsubscribe from pinned/#.
class AccessControlTest : public BrokerTest {
  public:
    // The lines that set it up, behind those of the plugin under test.
    Configuration configuration(AccessControlKind kind);

  protected:
    Client& connect_client(const std::string& name, ClientOptions options = {});
    std::vector<Client*> connect_clients(const std::vector<std::string>& names);
    // A member of each of these that subscribes to the filter.
    std::vector<Client*> join(const std::vector<std::string>& names, const std::string& filter);

    // At run time. The plugin of version 4 and the broker's acl_file are reloaded by SIGHUP;
    // dynamic-security ends the connection of a client whose rights change, bob then comes back.
    void let_read_secrets(Client& bob, bool allowed);

    // How often the log says that the client is passed over.
    std::size_t times_passed_over(const std::string& name) const;

  private:
    void write_rules(bool bob_reads_secrets);
    void write_acl_file(bool bob_reads_secrets);
    std::vector<std::string> dynamic_security();
    bool by_default() const { return kind_ == AccessControlKind::dynamic_security_by_default; }

    AccessControlKind kind_ = AccessControlKind::acl_file;
};

// One for each kind.
class EachAccessControl : public AccessControlTest,
                          public ::testing::WithParamInterface<AccessControlRow> {
  protected:
    void SetUp() override {
        AccessControlTest::SetUp();
        broker.start(configuration(GetParam().kind));
    }
    bool is_acl_file() const { return GetParam().kind == AccessControlKind::acl_file; }
};

std::vector<AccessControlRow> each_access_control();

}  // namespace integration
