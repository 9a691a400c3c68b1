# shellcheck shell=bash
# MQTT.js, a client of another family that the integration tests try. Sourced by tests/run, after
# tests/lib/cache.sh.

# Sets mqttjs_directory. Another package.json is another installation.
select_mqttjs() {
    local package_file=$repository/tests/integration/mqttjs/package.json
    local name
    name=mqttjs-$(cksum <"$package_file" | cut -d ' ' -f 1)
    cached "$name" install_mqttjs "$package_file"
    mqttjs_directory=$cache/$name
}

# install_mqttjs PACKAGE_FILE DIRECTORY
install_mqttjs() {
    cp "$1" "$2/package.json"
    npm install --prefix "$2" --no-audit --no-fund --loglevel=error </dev/null ||
        die "npm could not install what $1 asks for"
}
