# Scripts are copied into the build folder, the resources of the extension beside them, and the folder is installed whole.
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.12/qt-scripted-modules)
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.12/qt-scripted-modules)
set(BUILD_TESTING ON)
enable_testing()

# CTK's: copies scripts and resources, and compiles them; here it only copies.
function(ctkMacroCompilePythonScript)
  cmake_parse_arguments(MODULE "NO_INSTALL_SUBDIR" "TARGET_NAME;DESTINATION_DIR;INSTALL_DIR" "SCRIPTS;RESOURCES" ${ARGN})
  if(MODULE_UNPARSED_ARGUMENTS OR NOT MODULE_TARGET_NAME OR NOT MODULE_SCRIPTS)
    message(FATAL_ERROR "ctkMacroCompilePythonScript: wrong arguments: ${ARGN}")
  endif()
  foreach(file IN LISTS MODULE_SCRIPTS MODULE_RESOURCES)
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "${MODULE_TARGET_NAME} lists ${file}, which does not exist.")
    endif()
    configure_file(${file} ${MODULE_DESTINATION_DIR}/${file} COPYONLY)
  endforeach()
  if(MODULE_NO_INSTALL_SUBDIR)
    install(DIRECTORY ${MODULE_DESTINATION_DIR}/ DESTINATION ${MODULE_INSTALL_DIR})
  endif()
endfunction()

if(NOT "$ENV{SLICER_SOURCE}" STREQUAL "")
  # Slicer's own macros, from a checkout of its sources.
  set(Slicer_USE_PYTHONQT ON)
  set(Slicer_LAUNCHER_EXECUTABLE Slicer)
  set(Slicer_ExternalData_DATA_MANAGEMENT_TARGET SlicerData)
  set(Slicer_PYTHON_MODULE_TEST_TEMPLATES_DIR $ENV{SLICER_SOURCE}/Base/QTCore/Testing/Python)
  include(ExternalData)
  foreach(name BuildScriptedModule ConfigureGenericPythonModuleTests PythonTesting)
    include($ENV{SLICER_SOURCE}/CMake/SlicerMacro${name}.cmake)
  endforeach()
else()
  function(slicerMacroBuildScriptedModule)
    cmake_parse_arguments(MODULE "WITH_GENERIC_TESTS;WITH_SUBDIR" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
    if(MODULE_UNPARSED_ARGUMENTS OR NOT MODULE_NAME)
      message(FATAL_ERROR "slicerMacroBuildScriptedModule: wrong arguments: ${ARGN}")
    endif()
    set(subfolder)
    set(option NO_INSTALL_SUBDIR)
    if(MODULE_WITH_SUBDIR)
      get_filename_component(name ${CMAKE_CURRENT_SOURCE_DIR} NAME)
      set(subfolder /${name})
      set(option)
    endif()
    ctkMacroCompilePythonScript(
      TARGET_NAME ${MODULE_NAME}
      SCRIPTS ${MODULE_SCRIPTS}
      RESOURCES ${MODULE_RESOURCES}
      DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}${subfolder}
      INSTALL_DIR ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}
      ${option}
      )
  endfunction()

  function(slicer_add_python_unittest)
    cmake_parse_arguments(TEST "" "SCRIPT" "SLICER_ARGS" ${ARGN})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${TEST_SCRIPT})
      message(FATAL_ERROR "the test ${TEST_SCRIPT} does not exist.")
    endif()
  endfunction()
endif()
