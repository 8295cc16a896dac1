//! The hub itself: greetings, versions, what methods there are, many calls in one.

use super::VarArgs;
use super::method::methods;
use crate::xmlrpc::{Struct, Value};

methods! {
    /// A greeting.
    [Anyone, Read] "hello" => Hello(args: VarArgs = VarArgs::default()) -> String;
    /// The arguments.
    [Anyone, Read] "echo" => Echo(args: VarArgs = VarArgs::default()) -> Vec<Value>;
    /// Fails with a fault that is not Koji's, for tests of clients.
    [Anyone, Read] "fault" => FaultTest() -> ();
    /// Fails with `GenericError`, for tests of clients.
    [Anyone, Read] "error" => ErrorTest() -> ();
    /// The version of Koji that the hub stands for.
    [Anyone, Read] "getKojiVersion" => GetKojiVersion() -> String;
    /// The version of the API: 1.
    [Anyone, Read] "getAPIVersion" => GetApiVersion() -> i32;
    /// Whether Maven builds are possible.
    [Anyone, Read] "mavenEnabled" => MavenEnabled() -> bool;
    /// Whether Windows builds are possible.
    [Anyone, Read] "winEnabled" => WinEnabled() -> bool;
    /// The hub's options.
    [Permission("admin"), Read] "showOpts" => ShowOpts(as_string: bool = true) -> Value;
    /// All methods with their arguments and documentation.
    [Anyone, Read] "_listapi" => ListApi() -> Vec<Struct>;
    /// The names of all methods.
    [Anyone, Read] "system.listMethods" => ListMethods() -> Vec<String>;
    /// There are none.
    [Anyone, Read] "system.methodSignature" => MethodSignature(method: String) -> String;
    /// A method's arguments and documentation.
    [Anyone, Read] "system.methodHelp" => MethodHelp(method: String) -> String;
}
