@_exported public import PersistencyCore
